/** The page that leads to the others; like them, it is there without a network. */

import { keepPages } from "./keeping.js";

keepPages();

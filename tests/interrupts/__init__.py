"""An interrupt anywhere leaves a database that works, is latched, or is closed: CPython only."""

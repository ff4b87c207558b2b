"""The kits of libredb/testing against each adapter and the simulator; no promise of its own."""

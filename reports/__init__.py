"""Events in, documents out: notices, tables and exports."""

"""How far an index value can be trusted."""

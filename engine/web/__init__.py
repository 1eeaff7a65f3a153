"""The web interface: a desk for those who act, and a reading room for those who read.

Each page calls a function of `operations`, `queries`, `audit` or `delivery`, and shows what the function
returns.
"""

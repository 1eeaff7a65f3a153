"""The desk and the reading room in a browser: each page calls one function of `operations`, `queries`, `audit` or `delivery`."""

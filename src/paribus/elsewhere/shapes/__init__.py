"""Tables of other shapes, made ones with a row for each run: a module for each shape."""

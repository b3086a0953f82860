"""Networks of rank 3 and 4 at symbolic shape."""

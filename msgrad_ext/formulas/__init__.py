"""Where the symbolic road meets numbers and readers: formulas evaluated at arrays, checked, and written out."""

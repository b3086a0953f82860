"""The notebook's side: the magic and its options, the cell as code with exact lines, and what a cell shows."""

"""Every figure, one function each; Matplotlib is imported where a figure is drawn."""

"""All figures: one function each, from arrays to a Matplotlib Figure; nothing is read or written here.

How to add a figure:

1. Write a function, decorated with ``@drawing()``, in the file of its subject; a new file is named by what it draws.
2. Its arguments are arrays and names, or one typed object of a lower layer; its docstring gives the shape of each.
3. Take axes from ``canvas(width, height)`` and colours from `style`, and return ``fitted(figure)``. Names that come
   from files go through ``label``.
4. The experiment puts a function of no arguments into `Result.figures`. That function imports yours when it is called:
   Matplotlib is imported only where a figure is drawn, never together with an experiment.
5. The caption, under the same name, goes into ``figures`` of the `Section` in which the figure is shown.
6. Draw it in a test at its smallest and at its largest size.
"""

SCREEN = 1.5
"""CSS pixels of a point of a figure, where the page is wide enough."""

"""Errors that speak to the user rather than to the developer."""


class InputError(ValueError):
    """Input that cannot be analysed as it is.

    The message is one line: it names the file or field, the value found and what would be accepted. The command line
    prints it without a traceback and exits with code 2.
    """


class TracedError(TypeError):
    """A method that needs numbers was called while JAX traces the law's parameters (jit, vmap, grad).

    The message names the law and the method, and says what to do instead.
    """


class ConvergenceError(ArithmeticError):
    """A root or an integral that did not reach its stated accuracy; the message says which and how far it got."""

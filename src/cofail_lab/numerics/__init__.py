"""Numerical kernels: special functions, quadrature, random numbers. Nothing here knows about models or queries.

Importing this package switches JAX to 64-bit: every quadrature and every solver of the lab is float64.
"""

import jax

jax.config.update("jax_enable_x64", True)

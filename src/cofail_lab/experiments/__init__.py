"""Experiments: one file each, a frozen dataclass of parameters with ``run(inputs, progress) -> Result``."""

"""TFLite's operators, one module each in the folder of its kind: how it is read, computed, planned and written as C.

A new one is a module like ``TEMPLATE.py`` and its name in ``MODULES`` of ``registry.py``.
"""

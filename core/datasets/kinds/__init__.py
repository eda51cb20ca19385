"""Kinds of data sets, a module each with a ``KIND``; they load nothing before a data set is asked for."""

"""Packaging: the zip file of the functions with its libraries, the template that names it, the list of what ships.

Nothing is uploaded here; that is `stack`.
"""

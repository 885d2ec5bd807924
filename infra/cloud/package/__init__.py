"""Build the package: the functions' zip file with libraries, its template, the list of its contents.

`stack` uploads it.
"""

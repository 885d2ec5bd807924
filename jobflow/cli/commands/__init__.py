"""Define the commands, with a module for each subject.

Code that several commands share, such as options and the printing of results, is outside of this package.
"""

"""Define the commands, with a module for each subject.

Code that several commands share is outside of this package, such as options and the printing of results.
"""

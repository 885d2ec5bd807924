"""The commands, a module for each subject.

What several commands share, such as options and the printing of results, is beside this package.
"""

"""Serve the console on a laptop: the build as CloudFront does, or its sources with Vite.

Not here: the console itself, which is in the folder `dashboard/`.
"""

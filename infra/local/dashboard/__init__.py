"""Serve the console on a laptop: the built files as CloudFront does, or the sources with Vite.

The console itself is in the folder `dashboard/`.
"""

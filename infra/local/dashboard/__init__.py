"""Serve the console on a laptop: the build like CloudFront, or its sources with Vite.

The console itself is in the folder `dashboard/`.
"""

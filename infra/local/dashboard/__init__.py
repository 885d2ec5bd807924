"""Serve the console on a laptop: its built files, or its sources with Vite."""

"""Pacing: pure schedules that never exceed a limit, and their sharing across processes."""

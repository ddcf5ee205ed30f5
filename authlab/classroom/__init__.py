"""What a lesson calls: check, hint, solution, quiz, progress, doctor. Imports nothing heavy."""

from authlab.classroom.checking import Verdict, check, grade
from authlab.classroom.helping import hint, solution, solution_text
from authlab.classroom.progress import forget, progress
from authlab.classroom.quiz import quiz

__all__ = [
    "Verdict",
    "check",
    "doctor",
    "forget",
    "grade",
    "hint",
    "progress",
    "quiz",
    "solution",
    "solution_text",
]


def doctor() -> None:
    """Look at Python, the packages and the programs the course uses; print what mends each."""
    from authlab.classroom.checkup import doctor as look_around

    look_around()

"""What each exercise accepts: one module a notebook (`nb01`, `nb02`...), on all of authlab.

For authors
===========
An exercise is one decorated function in the module of its notebook:

    from authlab.classroom.exercises import exercise, short
    from authlab.jose import b64url_encode

    @exercise(
        "01.2",                                   # notebook, dot, number from 1
        name="segment",                           # what the stub cell calls it
        expects="a str: the Base64url text, without padding",   # ends "It should return ..."
        hints=("A first nudge.", "More.", "Nearly the answer: `...`."),   # exactly three
    )
    def grade_segment(answer: Answer) -> str | None:
        for data in (b"", b"a", b"{}"):
            got, want = answer(data), b64url_encode(data)
            if got != want:
                return f"`segment({short(data)})` returned {short(got)}, not {want!r}."
        return None

Return None when the answer is right, else one whole sentence that helps. `check` puts the mark and
the number before it and "Stuck? hint('01.2')" after it, so leave those out.

The learner's function arrives as an `Answer`:

`answer(*args)` calls it, within `seconds` (5 unless the decorator says otherwise), with what it
    prints kept away. A list, dict, set or bytearray among the arguments is handed over as a copy.
    An exception, None, `...`, a coroutine, a generator or a call that does not end stops the
    grading with a sentence of its own: never write that part yourself.
`answer.plain(*args)` is for functions that may return None or raise, such as a verifier: the same
    limit, but the function's value and its exceptions come through unchanged.
`answer.function` is the learner's function itself, without any guard.

    try:
        answer.plain(forged)
    except InvalidToken:
        return None
    return "`verify` accepted a token whose signature is wrong."

An exercise whose answer is not a function says `value=True`: the grader then gets the value as it
is (never None or `...`, which count as not answered). A class is such a value, too. `expects` then
ends "It should be ...".

`short(value)` is a repr of 80 characters at most that never fails. `raise Wrong("sentence")` does
the same as returning the sentence, from a helper. Should a grader itself raise (say, because the
answer has no such key), the learner reads "the check could not make sense of your answer" and
what `expects` says: the lesson goes on, but a sentence of yours is better.

Graders must not depend on order, on the time of day or on earlier calls; take random input from
`secrets` if the answer must not be guessed.

For tests: `EXERCISES` is a read-only mapping from id to `Exercise` (`id`, `notebook`, `name`,
`expects`, `hints`, `value`, `seconds`). Looking up "01.2" imports `nb01` alone; iterating imports
every module there is. `EXERCISES.notebooks()` lists them ("00", "01"...) without importing any.
`grade("01.2", answer)` from `authlab.classroom` judges without printing or recording, and
`solution_text("01.2")` gives the solution's code.
"""

from authlab.classroom.calling import Answer, Wrong, short
from authlab.classroom.registry import EXERCISES, Exercise, exercise

__all__ = ["EXERCISES", "Answer", "Exercise", "Wrong", "exercise", "short"]

"""One file a question. Its first sentence is the question in a learner's words; the rest of its text is the method.

A question has, besides its text:

    CLAIM     what is expected, written before the first measurement; it stays when it fails
    COST      seconds that a full run takes on two cores, stated and kept to
    CHANGES   what would change the answer
    MEASURES  what a trial gives, by name; the first one decides when there are enough trials
    arms(is_quick) -> list[Arm]
    measure(arm, seed) -> {name: number}
    answer(results) -> Answer

and may say with ``SEEDS`` that a full run takes at least so many rounds. Files that begin with ``_`` are shared parts.
"""

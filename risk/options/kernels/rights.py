"""Words of people, as the code points in which numpy keeps text, become rights."""

from domain.jit import entry

_LOWER = 32  # what a small letter has and its capital has not
_C, _A, _L, _P, _U, _T = 99, 97, 108, 112, 117, 116


@entry
def rights(words, found):
    """1.0 for each call or c, -1.0 for each put or p, in any case; words: shape (n, letters >= 4).

    Returns the place of the first other word, or -1.
    """
    for at in range(len(found)):
        first, second = words[at, 0] | _LOWER, words[at, 1] | _LOWER
        third, fourth = words[at, 2] | _LOWER, words[at, 3]
        # kinds come in any order: & and | where `and` would be a branch that is guessed wrong
        alone = (words[at, 1] == 0) & (words[at, 2] == 0) & (fourth == 0)
        whole = (second == _A) & (third == _L) & ((fourth | _LOWER) == _L)
        call = (first == _C) & (alone | whole)
        put = (first == _P) & (alone | ((second == _U) & (third == _T) & (fourth == 0)))
        if not (call | put) or (words.shape[1] > 4 and words[at, 4] != 0):
            return at
        found[at] = 2.0 * call - 1.0
    return -1

"""What users may declare of arrays: the words, what each implies, and how it is said of an array.

Comes in: what a user wrote, such as ``{"A": "symmetric", "y": "one-hot"}``. Goes out: `Facts`. Nothing is ever assumed
that was not declared, and nothing here looks at data.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from sympy import Expr

from ..errors import ArgumentError, ArgumentValueError, choices

# Word -> what it implies. Positive definite is said of symmetric matrices here, as in most textbooks.
WORDS: dict[str, tuple[str, ...]] = {
    "symmetric": (),
    "antisymmetric": (),
    "positive definite": ("symmetric",),
    "positive semidefinite": ("symmetric",),
    "diagonal": ("symmetric",),
    "orthogonal": (),
    "rows sum to one": (),
    "simplex": ("rows sum to one", "nonnegative"),
    "one-hot": ("rows sum to one", "binary", "nonnegative"),
    "binary": ("nonnegative",),
    "positive": ("nonnegative",),
    "nonnegative": (),
    "unit norm": (),
}
_OTHER_NAMES = {
    "pd": "positive definite",
    "spd": "positive definite",
    "symmetric positive definite": "positive definite",
    "psd": "positive semidefinite",
    "symmetric positive semidefinite": "positive semidefinite",
    "skew symmetric": "antisymmetric",
    "skew": "antisymmetric",
    "orthonormal": "orthogonal",
    "orthonormal columns": "orthogonal",
    "row stochastic": "simplex",
    "stochastic": "simplex",
    "probabilities": "simplex",
    "one hot": "one-hot",
    "onehot": "one-hot",
    "non negative": "nonnegative",
    "unit": "unit norm",
    "unit rows": "unit norm",
    "normalized": "unit norm",
    "normalised": "unit norm",
}
SQUARE = ("symmetric", "antisymmetric", "positive definite", "positive semidefinite", "diagonal")
# Two words that only an array of zeros has, or none.
_CLASHES = (
    ("symmetric", "antisymmetric"),
    ("antisymmetric", "positive"),
    ("diagonal", "positive"),
    ("one-hot", "positive"),
)
_SAID = {
    "positive definite": "{} symmetric positive definite",
    "positive semidefinite": "{} symmetric positive semidefinite",
    "orthogonal": "{} with orthonormal columns",
    "rows sum to one": "rows of {} that sum to one",
    "simplex": "rows of {} that sum to one, none negative",
    "binary": "{} of zeros and ones",
    "unit norm": "rows of {} of norm 1",
}
_SAID_OF_VECTOR = {
    "rows sum to one": "{} that sums to one",
    "simplex": "{} that sums to one, none negative",
    "unit norm": "{} of norm 1",
}


@dataclass(frozen=True)
class Facts:
    """What holds of arrays, by key or by name: the declared words and all that they imply.

    Attributes
    ----------
    declared : mapping
        Array -> the words that were declared of it.
    """

    declared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.declared)

    def holds(self, array: str, word: str) -> bool:
        """True if ``word`` was declared of ``array`` or follows from what was."""
        return self.source(array, word) is not None

    def source(self, array: str, word: str) -> str | None:
        """The declared word from which ``word`` follows."""
        return next((one for one in self.declared.get(array, ()) if one == word or word in WORDS[one]), None)

    def together(self, other: Facts) -> Facts:
        """These facts and ``other``'s of arrays of which these say nothing."""
        return Facts({**other.declared, **self.declared})

    def without(self, array: str) -> Facts:
        """These facts but for those of ``array``."""
        return Facts({name: words for name, words in self.declared.items() if name != array})

    def by_key(self, names: Mapping[str, str]) -> Facts:
        """The same of keys, where ``names`` has the name of each key."""
        return Facts({key: self.declared[name] for key, name in names.items() if name in self.declared})

    @property
    def mark(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """A hashable value that is equal for equal facts."""
        return tuple(sorted((array, tuple(words)) for array, words in self.declared.items()))


NOTHING = Facts()


def read_facts(said: object, caller: str = "derive") -> Facts:
    """What a user declared: array name -> a word, words between commas, or a list of words.

    Raises
    ------
    ArgumentError, ArgumentValueError
        If it has another form, or holds a word that is not known.
    """
    if said is None:
        return NOTHING
    if isinstance(said, Facts):
        return said
    if not isinstance(said, Mapping):
        raise ArgumentError(
            f'For \'{caller}\', assume must map names to words, such as {{"A": "symmetric"}}, but got {said!r}.'
        )
    found = {}
    for name, words in said.items():
        given = words.split(",") if isinstance(words, str) else list(words) if isinstance(words, Iterable) else [words]
        read = tuple(dict.fromkeys(_word(caller, str(name), one) for one in given))
        closure = {implied for one in read for implied in (one, *WORDS[one])}
        for first, second in _CLASHES:
            if first in closure and second in closure:
                raise ArgumentValueError(f"For '{caller}', {name} can not be both {first} and {second}.")
        found[str(name)] = read
    return Facts({name: words for name, words in found.items() if words})


def _word(caller: str, name: str, word: object) -> str:
    if not isinstance(word, str):
        raise ArgumentError(f"For '{caller}', what is assumed of {name} must be a word, but got {word!r}.")
    plain = " ".join(word.lower().replace("-", " ").replace("_", " ").split())
    plain = _OTHER_NAMES.get(plain, plain)
    if plain not in WORDS:
        raise ArgumentValueError(
            f"For '{caller}', nothing is known of {word.strip()!r}, assumed of {name}. {choices(plain, list(WORDS))}"
        )
    return plain


def fitting(facts: Facts, shapes: Mapping[str, tuple[Expr, ...]], caller: str = "derive") -> None:
    """Refuse facts of arrays that are not there or do not have the axes for it; ``shapes`` are by name.

    Raises
    ------
    ArgumentValueError
    """
    for name, words in facts.declared.items():
        if name not in shapes:
            raise ArgumentValueError(
                f"For '{caller}', there is no {name} to assume anything of. {choices(name, list(shapes))}"
            )
        shape = shapes[name]
        shown = f"({', '.join(map(str, shape))})"
        for word in words:
            if word in SQUARE and (len(shape) < 2 or shape[-1] != shape[-2]):
                raise ArgumentValueError(
                    f"For '{caller}', {name} must be square to be {word}, but its shape is {shown}; give both axes one "
                    "letter."
                )
            if word == "orthogonal" and len(shape) < 2:
                raise ArgumentValueError(f"For '{caller}', {name} must be a matrix to be orthogonal, not {shown}.")
            if word in ("rows sum to one", "simplex", "one-hot", "unit norm") and not shape:
                raise ArgumentValueError(f"For '{caller}', {name} has no axis: it can not be {word}.")


def sentence(used: Collection[tuple[str, str]], shown: Mapping[str, tuple[str, int]]) -> str:
    """What a formula rests on: "for A symmetric and y one-hot"; ``shown`` has an array's printed name and rank."""
    groups: dict[str, list[str]] = {}
    for array, word in sorted(set(used), key=lambda one: (shown[one[0]][0], list(WORDS).index(one[1]))):
        name, rank = shown[array]
        form = (_SAID_OF_VECTOR if rank < 2 else {}).get(word) or _SAID.get(word, "{} " + word)
        groups.setdefault(form, []).append(name)
    parts = [form.format(_listed(names)) for form, names in groups.items()]
    return "for " + _listed(parts)


def _listed(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


__all__ = ["NOTHING", "SQUARE", "WORDS", "Facts", "fitting", "read_facts", "sentence"]

"""Whether a target may come back into rotation: it was never asked to restart, or is proven."""

from dataclasses import dataclass


@dataclass(slots=True)
class ReturnPermission:
    """What a target needs before a visitor may meet it again.

    Attributes:
        asked: Its instances were asked to restart, or may have been.
        fit: It may return: it was never asked, or was proven since.
    """

    asked: bool = False
    fit: bool = True

    def needs_proof(self) -> None:
        self.asked, self.fit = True, False

    def not_asked(self) -> None:
        self.asked, self.fit = False, True

    def proven(self) -> None:
        self.fit = True

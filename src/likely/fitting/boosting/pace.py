"""How often the shared parameters take a step, between rounds of trees."""

from __future__ import annotations

#: Nats a row that shared parameters may be behind the trees. They are that far behind only while the trees gain many
#: times as much: what a step gains goes with the square of what the rounds since the last one did.
BEHIND = 1e-3
#: The most rounds from one step to the next.
LONGEST = 16


class Pace:
    """The rounds between two steps: twice as many after one that could have waited, half as many after a late one."""

    def __init__(self) -> None:
        self.gap = self.left = 1

    def due(self) -> bool:
        """Whether it is time for a step, as another round has gone by."""
        self.left -= 1
        return self.left <= 0

    def stepped(self, gain: float) -> None:
        """Choose when the next one is due, from the mean nll that this one took away."""
        if gain > BEHIND:
            self.gap = max(1, self.gap // 2)
        elif 4.0 * gain < BEHIND:
            self.gap = min(2 * self.gap, LONGEST)
        self.left = self.gap

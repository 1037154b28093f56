"""A recycler's works in tests, told as history that the alliance captures."""

from typing import Any

from tests.traceability.audit.faulty import Faulty

#: Days after `factories.BEGINNING` on which batches are closed.
CLOSED = 60


class Plant(Faulty):
    """A recycler's works, told as history."""

    def taken_in(self) -> str:
        """A pack that the recycler holds."""
        code = self.retired()
        self.received(code, "recycler", 20)
        return code

    def processed(self, code: str, number: str = "B-1", at: float = CLOSED - 1) -> str:
        """A pack that is said to have gone into a batch; the key of that."""
        return self.tell("processed", "recycler", code, at, batch=number, massKg="440")

    def opened(self, lot: str = "A", kilograms: str = "1000", **more: Any) -> None:
        """A lot from outside."""
        said = {"material": "electrode_powder", "massKg": kilograms, "origin": "purchased"}
        self.tell("lot_opened", "recycler", None, 1, lot=lot, **(said | more))

    def batch(self, number: str, inputs: dict[str, str], out: str, at: float = CLOSED, **more: Any) -> str:
        """A crushing of batteries and lots by their kilograms, with one lot of powder out of it; its key."""
        kinds = {code: "battery" if len(code) > 18 or code.startswith("TMP") else "lot" for code in inputs}
        said: dict[str, Any] = {
            "number": number,
            "process": "crushing",
            "inputs": [{kinds[code]: code, "massKg": kilograms} for code, kilograms in inputs.items()],
            "outputs": [{"lot": f"L-{number}", "material": "electrode_powder", "massKg": out}],
        }
        by = more.pop("by", "recycler")
        return self.tell("batch", by, None, at, **(said | more))

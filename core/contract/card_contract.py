"""The contract that a model's card says, and what users know better."""

from __future__ import annotations

from dataclasses import replace

from edgedigits.core.cards import Card
from edgedigits.core.contract.contract import contract_from
from edgedigits.core.contract.finding import CARD, NOTHING_TOLD, TOLD, FoundContract, Told


def card_contract(card: Card, told: Told = NOTHING_TOLD, shape: tuple[int, ...] | None = None) -> FoundContract:
    """The contract that a card says.

    Args:
        card: of a model.
        told: what is known better.
        shape: of the model's input, the batch left out; None takes what the card says.

    Raises:
        EdgedigitsError: the card says no contract.
    """
    known = contract_from(card.contract)
    contract = replace(
        known,
        shape=shape or known.shape,
        range=told.range or known.range,
        polarity=told.polarity or known.polarity,
    )
    return FoundContract(contract, CARD if told == NOTHING_TOLD else TOLD)

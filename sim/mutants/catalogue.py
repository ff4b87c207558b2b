"""All mutants, in the order of what they break.

The suite runs the killer of each, and `python -m sim mutants` runs everything against all of them.
Absent on purpose: mutants that no observer can tell from the kernel.
"""

from sim.mutants import (
    choosing,
    closing,
    committing,
    copying,
    holding,
    judging,
    latching,
    placing,
    reading,
    recovering,
    sharing,
    snapshots,
    telling,
)
from sim.mutants.lens import catalog, documents, keys, kv, mapping, table, values
from sim.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *committing.MUTANTS,
    *latching.MUTANTS,
    *closing.MUTANTS,
    *holding.MUTANTS,
    *sharing.MUTANTS,
    *reading.MUTANTS,
    *recovering.MUTANTS,
    *judging.MUTANTS,
    *choosing.MUTANTS,
    *placing.MUTANTS,
    *copying.MUTANTS,
    *telling.MUTANTS,
    *snapshots.MUTANTS,
    *documents.MUTANTS,
    *kv.MUTANTS,
    *catalog.MUTANTS,
    *keys.MUTANTS,
    *mapping.MUTANTS,
    *values.MUTANTS,
    *table.MUTANTS,
)

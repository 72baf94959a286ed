"""Pictures and checked claims from stored arrays; `figures.registry.FIGURES` names them all."""

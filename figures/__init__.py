"""Pictures and checked claims from stored arrays; `gatednet.figures.registry.FIGURES` names them all."""

"""Figure 7: a gated head on a convolutional network switches between digits and digits sorted by parity.

Figure A15: the same head on pieces of clothing, sorted by where they are worn and by how warm they are.

Control 3: Figures 7 and A15 on small digits that come with scikit-learn, so that they can be made anywhere.
"""

from __future__ import annotations

from gatednet.figures.toolkit.images import Pair, Switching

FIGURES = {
    "fig7": Switching(
        SWEEPS=("fig7",),
        PANELS="ABCD",
        title="Figure 7. Switching between tasks on images",
        about="A gated head learns from 64 features of MNIST's handwritten digits, the last hidden layer of a small "
        "convolutional network that was trained on the plain labels once and is then left as it is.",
        on="Figure 7",
        pairs=(
            Pair(
                task="parity",
                title="digits, and sorted by parity",
                words="the digit, and the digit with even ones before odd ones",
                known={"as released, its gates specialize": "undecided"},
            ),
        ),
    ),
    "figa15": Switching(
        SWEEPS=("figa15",),
        PANELS="ABCDEFGH",
        title="Figure A15. Switching between tasks on pieces of clothing",
        about="As Figure 7, with the pieces of clothing of Fashion-MNIST.",
        on="Figure A15",
        pairs=(
            Pair(
                task="upper_lower",
                title="clothes, upper before lower",
                words="the piece, and the piece with those for the upper body before others",
                named="upper and lower",
            ),
            Pair(
                task="warm_cool",
                title="clothes, warm before cool",
                words="the piece, and the piece with warm ones before cool ones",
                known={"as released, and climbs": "undecided"},
                named="warm and cool",
            ),
        ),
    ),
    "control3": Switching(
        SWEEPS=("control3",),
        PANELS="ABCDEFGH",
        title="Control 3. Switching between tasks on small digits",
        about="As Figures 7 and A15, with the 1 797 digits of 8×8 pixels of scikit-learn, 500 of them to test with.",
        on="Figures 7 and A15, with other images",
        pairs=(
            Pair(
                task="parity",
                title="digits, and sorted by parity",
                words="the digit, and the digit with even ones before odd ones",
                known={"as released, its gates specialize": "undecided", "the ten features": "undecided"},
                named="parity",
            ),
            Pair(
                task="warm_cool",
                title="digits, and as warm and cool",
                words="the digit, and the digit permuted as Figure A15 permutes pieces of clothing, warm and cool",
                known={"the ten features": "undecided"},
                named="warm and cool",
            ),
        ),
    ),
}

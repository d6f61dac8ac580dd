"""What may be asked of pictures, and what to say to the rest."""

from __future__ import annotations

from typing import Any, Final

from onionskin.data.photos import FITS
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.learn.domains._augmentation import WAYS
from onionskin.learn.domains._pictures import SPLITS

#: No picture is larger than this (pixels a side).
MOST_SIDE: Final = 2048


def check(*, size: Any, fit: Any, augment: Any, from_scratch: Any, fine_tune: Any) -> None:
    """Raise OnionskinError where a setting makes no sense."""
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or not 8 <= size <= MOST_SIDE):
        raise OnionskinError(f"size={size!r}", fix=f"give a height and width in pixels, 8 to {MOST_SIDE}, such as 224")
    if fit not in FITS:
        fix = did_you_mean(str(fit), FITS, otherwise=f"choose one of: {', '.join(FITS)}")
        raise OnionskinError(f"no way to fit a photo is called '{fit}'", fix=fix)
    if augment is not None and augment not in WAYS:
        fix = did_you_mean(str(augment), WAYS, otherwise=f"choose one of: {', '.join(WAYS)}")
        raise OnionskinError(f"no augmentation is called '{augment}'", fix=fix)
    if from_scratch and fine_tune:
        raise OnionskinError(
            "from_scratch and fine_tune together", fix="give one of them: nothing is pretrained in scratch"
        )


def check_split(share: Any, way: Any) -> None:
    """Raise OnionskinError where what to hold out makes no sense."""
    if way not in SPLITS:
        fix = did_you_mean(str(way), SPLITS, otherwise=f"choose one of: {', '.join(SPLITS)}")
        raise OnionskinError(f"no split is called '{way}'", fix=fix)
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise OnionskinError(f"valid={share!r}", fix="give the share to hold out, such as 0.2")

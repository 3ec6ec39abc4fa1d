"""Splines with a gradient written by hand: the numbers of their definition in a third of the time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sciencegen.families.flow.spline import STEEPEST, Tails, spline
from sciencegen.families.flow.univariate import Moved

__all__ = ["Solved", "compiled_spline", "quick_spline", "slopes_of", "solved"]

_AT_ONCE = 2**17  # widths and heights taken together: they stay in a processor's cache
_SIZES, _SLOPES = 2 / math.log(STEEPEST), 1 / math.log(STEEPEST)


def quick_spline(
    x: Tensor, given: Tensor, bound: float = 5.0, tails: Tails = "straight", inverse: bool = False
) -> Moved:
    """What `spline` says of points x [entries, n] and the numbers `given` [entries, numbers, n].

    Everything is laid out bin after bin with samples innermost, for torch is an order of magnitude slower where it has
    to reduce a short last axis; what is not needed of all bins is picked first; masks are numbers, which processors
    multiply faster than they choose; pairs are one tensor, for a call costs more than a thousand products; and little
    is allocated, for fresh memory costs more than arithmetic.
    """
    x, given = x.contiguous(), given.contiguous()
    if torch.is_grad_enabled() and (x.requires_grad or given.requires_grad):
        return Moved(*_Quick.apply(x, given, bound, tails, inverse))  # type: ignore[no-untyped-call]
    return _joined([_move(x[rows], given[rows], bound, tails, inverse)[0] for rows in _rows(given)])


@lru_cache(maxsize=1)
def compiled_spline() -> Callable[..., Moved]:
    """`spline` as a compiler has it: quicker still, after tens of seconds the first time a shape is met."""
    found: Callable[..., Moved] = torch.compile(spline, dynamic=False)
    return found


class _Quick(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, given: Tensor, bound: float, tails: Tails, inverse: bool) -> Moved:
        ctx.how = (bound, tails, inverse)
        parts = [_move(x[rows], given[rows], bound, tails, inverse) for rows in _rows(given)]
        ctx.save_for_backward(x, given, *(tensor for _, trace in parts for tensor in trace))
        return _joined([moved for moved, _ in parts])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, given, *kept = ctx.saved_tensors
        bound, tails, inverse = ctx.how
        if torch.is_grad_enabled():  # somebody differentiates the gradient
            moved = spline(x, given, bound, tails, inverse)
            return *torch.autograd.grad(moved, (x, given), gradients, create_graph=True), None, None, None
        many, rows, to_given = len(_Trace._fields), _rows(given), torch.empty_like(given)
        to_x = []
        for i, part in enumerate(rows):
            trace = _Trace(*kept[i * many : (i + 1) * many])
            to_y, to_slope = (gradient[part] for gradient in gradients)
            to_x.append(_pull(trace, given[part], to_y, to_slope, bound, inverse, to_given[part]))
        return to_x[0] if len(rows) == 1 else torch.cat(to_x), to_given, None, None, None


class _Trace(NamedTuple):
    """What the gradient needs of a pass; pairs come first."""

    sizes: Tensor  # [entries, 2 bins, n], of widths and heights before they are made to fill the box
    below: Tensor  # [entries, bins - 1, n], 1 for each bin but the last that ends before the point
    half: Tensor  # [2, entries, n], half the sums of the sizes
    size: Tensor  # [2, entries, n], width and height of the bin
    slope: Tensor  # [2, entries, n], of the knots at both sides
    clip: Tensor  # [2, entries, n], 1 + c |u| of the numbers they came from
    through: Tensor  # [2, entries, n], how far through and up the bin
    at: Tensor  # [2, entries, n], where the point is and goes, in the measure of the sizes and from the middle
    squares: Tensor  # [2, entries, n], of how far it is to the end of the bin, and through
    bin: Tensor  # [2, entries, n], where in memory the sizes of the bin are
    knots: Tensor  # [2, entries, n], where in memory the numbers of its slopes are
    known: Tensor  # [2, entries, n], 1 where a slope has a number
    lean: Tensor  # [entries, n], how much farther the end of the bin is than its beginning
    q: Tensor  # [entries, n], the product of these ways
    s: Tensor  # [entries, n], the mean slope of the bin
    e: Tensor  # [entries, n], how far the slopes at its sides are above it
    share: Tensor  # [entries, n], s over the denominator
    bulge: Tensor  # [entries, n], the slope over the square of that
    rises: Tensor  # [entries, n], the slope
    inside: Tensor  # [entries, n], 1 within the box


class _Bin(NamedTuple):
    """Which bin a point is in, and where there."""

    sizes: Tensor
    below: Tensor
    half: Tensor
    size: Tensor
    slope: Tensor
    clip: Tensor
    through: Tensor  # [2, entries, n]; how far up is known of an inverse only
    begin: Tensor  # [2, entries, n], where the bin begins
    bin: Tensor
    knots: Tensor
    known: Tensor
    s: Tensor
    e: Tensor


class _Curve(NamedTuple):
    """What the slope of a spline is made of."""

    rest: Tensor
    q: Tensor
    squares: Tensor
    over: Tensor
    share: Tensor
    bulge: Tensor
    rises: Tensor


class Solved(NamedTuple):
    """Points of an inverse, and what `slopes_of` makes the logs of their slopes of, for many entries at once."""

    x: Tensor  # [entries, n]
    inside: Tensor
    t: Tensor
    s: Tensor
    e: Tensor
    slope: Tensor  # [2, entries, n]


def solved(y: Tensor, given: Tensor, bound: float) -> Solved:
    """The inverse without its slope, and without a gradient: for those who go entry by entry."""
    found = _bin(y, given, bound, "straight", inverse=True)
    t, inside = found.through[0], y.abs().lt_(_number(bound, y))
    at = torch.addcmul(found.begin[0], t, found.size[0])
    x = torch.addcdiv(_number(0, y), at, found.half[0], value=bound)
    return Solved(torch.lerp(y, x, inside), inside, t, found.s, found.e, found.slope)


def slopes_of(entries: Sequence[Solved]) -> Tensor:
    """The logs of the slopes of the inverses of all entries [entries, n]."""
    inside, t, s, e, slope = (torch.cat(parts, -2) for parts in list(zip(*entries, strict=True))[1:])
    return _curve(t, s, e, slope).rises.log_().mul_(inside).neg_()


def _bin(x: Tensor, given: Tensor, bound: float, tails: Tails, inverse: bool) -> _Bin:
    (entries, n), bins, axis = x.shape, (given.shape[1] + 1) // 3, int(inverse)
    sizes, _ = _positive(given[:, : 2 * bins], _SIZES)
    edges = torch.bmm(_summing(2 * entries, bins, x.dtype, x.device), sizes.view(2 * entries, bins, n))
    edges = edges.view(entries, 2, bins + 1, n)
    half = edges[:, :, bins].transpose(0, 1)
    start = torch.addcmul(_number(0, x), x, half[axis], value=1 / bound)
    below = torch.empty(entries, bins - 1, n, dtype=x.dtype, device=x.device)
    torch.le(edges[:, axis, 1:bins], start[:, None], out=below)
    k = below.sum(1).long()
    places = _places(k, 0, bins, 2 * bins)
    size, begin = _picked(sizes, places), _picked(edges, _places(k, 0, bins + 1, 2 * bins + 2))
    knots, known = _knots(k, below, bins, tails)
    slope, clip = _positive(_picked(given, knots).mul_(known), _SLOPES)
    width, height = (size / half).unbind()
    s, through = height.div_(width), torch.empty_like(size)
    e = slope.sum(0).sub_(s, alpha=2)
    torch.sub(start, begin[axis], out=through[axis]).div_(size[axis]).clamp_(0, 1)
    if inverse:
        _solve(through[1], slope[0], s, e, out=through[0])
    return _Bin(sizes, below, half, size, slope, clip, through, begin, places, knots, known, s, e)


def _solve(rise: Tensor, d0: Tensor, s: Tensor, e: Tensor, out: Tensor) -> None:
    """How far through the bin a point is that is so far up, by the root of the quadratic that loses no digits."""
    b, c = torch.addcmul(d0, rise, e, value=-1), rise * s
    b_half = torch.mul(b, _number(0.5, b))
    root = torch.sub(s, b, out=b).mul_(c).addcmul_(b_half, b_half).clamp_min_(0).sqrt_()
    torch.div(c, root.add_(b_half), out=out).clamp_(0, 1)


def _curve(t: Tensor, s: Tensor, e: Tensor, slope: Tensor) -> _Curve:
    rest = torch.sub(_number(1, t), t)
    q, pair = rest * t, torch.stack((rest, t))
    squares, over = pair * pair, torch.addcmul(s, e, q)
    share, bulge = s / over, (slope * squares).sum(0).addcmul_(s, q, value=2)
    return _Curve(rest, q, squares, over, share, bulge, (share * share).mul_(bulge))


def _move(x: Tensor, given: Tensor, bound: float, tails: Tails, inverse: bool) -> tuple[Moved, _Trace]:
    found, axis = _bin(x, given, bound, tails, inverse), int(inverse)
    t, rise = found.through.unbind()
    curve = _curve(t, found.s, found.e, found.slope)
    if not inverse:
        torch.mul(curve.share, curve.squares[1], out=rise).addcdiv_(found.slope[0] * curve.q, curve.over)
    at = torch.addcmul(found.begin, found.through, found.size)
    moved = torch.addcdiv(_number(0, x), at[1 - axis], found.half[1 - axis], value=bound)
    inside = x.abs().lt_(_number(bound, x)) if tails == "straight" else torch.ones_like(x)
    log_slope = curve.rises.log().mul_(-inside if inverse else inside)
    pairs = (*found[:7], at, curve.squares, *found[8:11])
    lean = curve.rest.sub_(t)
    trace = _Trace(*pairs, lean, curve.q, found.s, found.e, curve.share, curve.bulge, curve.rises, inside)
    return Moved(torch.lerp(x, moved, inside), log_slope), trace


def _pull(
    trace: _Trace, given: Tensor, to_y: Tensor, to_slope: Tensor, bound: float, inverse: bool, out: Tensor
) -> Tensor:
    """The gradient of a pass: that of its point is returned, that of its numbers written to `out`."""
    (w, h), (d0, d1), (t, rise), half = trace.size, trace.slope, trace.through, trace.half
    s, q, share, bulge, inside = trace.s, trace.q, trace.share, trace.bulge, trace.inside
    over = s / share
    bend = (d1 * t).addcmul_(s, trace.lean).addcmul_(d0, t - _number(1, t)).div_(bulge)
    bend.addcdiv_(trace.e * trace.lean, over, value=-1)  # half of d log slope / dt
    steep = trace.rises / s  # d rise / dt
    to_slope, to_x = to_slope * inside, to_y
    if inverse:  # x by y at fixed numbers, then by the numbers what y would be at fixed x
        scale = (half[0] / w).mul_(_number(1 / bound, t)).mul_(bend)
        inner = torch.addcmul(to_y, to_slope, scale, value=-2).div_(trace.rises)
        to_x = torch.lerp(to_y, inner, inside)
        to_y, to_slope = inner.mul_(inside).neg_(), to_slope.neg_()
    else:
        to_y = to_y * inside
    before = torch.empty_like(trace.size)  # gradients of where the bin begins
    left, low = before
    torch.div(to_y, half[1], out=low).mul_(_number(bound, t))
    to_rise = low * h
    torch.mul(to_rise, steep, out=left).addcmul_(to_slope, bend, value=2).div_(w).neg_()
    if not inverse:
        to_x = torch.lerp(to_x, (left * half[0]).mul_(_number(-1 / bound, t)), inside)
    two_q = q + q
    less = torch.sub(_number(1, t), two_q).mul_(share)
    to_log = (two_q * s).div_(bulge).sub_(less, alpha=2).add_(_number(2, t)).mul_(to_slope)
    to_log.addcmul_(to_rise, (share * trace.squares[1]).addcmul_(rise, less, value=-1))  # of log s
    to_slopes = trace.squares * (to_slope / bulge)
    part = q.div(over)
    to_slopes.addcmul_(part, (to_rise * rise).add_(to_slope, alpha=2), value=-1)
    to_slopes[0].addcmul_(part, to_rise)
    signed = torch.stack((to_log.neg(), to_log))
    whole = torch.addcmul(signed, before, trace.at + half).div_(half).mul_(_number(-0.5, t))
    _spread_sizes(trace, given, whole, before, (before * trace.through).addcdiv_(signed, trace.size), out)
    _spread_slopes(trace, to_slopes, out)
    return to_x


def _spread_sizes(trace: _Trace, given: Tensor, whole: Tensor, before: Tensor, one: Tensor, out: Tensor) -> None:
    """Gradients of the sums of the sizes, of the sums before a point and of its bin, to the numbers of all sizes."""
    entries, inner, n = trace.below.shape
    bins = inner + 1
    to_sizes, clip = out[:, : 2 * bins], given[:, : 2 * bins].abs()
    both = to_sizes.view(entries, 2, bins, n)
    whole, before = (part.transpose(0, 1)[:, :, None] for part in (whole, before))
    torch.addcmul(whole, trace.below[:, None], before, out=both[:, :, :-1])
    both[:, :, -1:] = whole
    k = torch.sub(trace.bin, _beginnings(entries, 0, bins, 2 * bins, n, out.device))
    places = k.add_(_beginnings(entries, 0, bins, out.shape[1], n, out.device))
    out.view(-1).index_add_(0, places.view(-1), one.view(-1))
    torch.add(_number(1, clip), clip, alpha=_SIZES, out=clip)
    to_sizes.mul_(trace.sizes).div_(clip).div_(clip)


def _spread_slopes(trace: _Trace, one: Tensor, out: Tensor) -> None:
    """Gradients of the two slopes beside a point, to the numbers of all slopes."""
    out[:, 2 * trace.below.shape[1] + 2 :] = 0
    one.mul_(trace.slope).div_(trace.clip).div_(trace.clip).mul_(trace.known)
    out.view(-1).index_add_(0, trace.knots.view(-1), one.view(-1))


def _rows(given: Tensor) -> list[slice]:
    """Entries that are taken together."""
    entries, rows, n = given.shape
    step = max(1, _AT_ONCE // max(1, n * (2 * rows // 3)))
    return [slice(first, min(first + step, entries)) for first in range(0, entries, step)]


def _joined(parts: list[Moved]) -> Moved:
    if len(parts) == 1:
        return parts[0]
    return Moved(torch.cat([part.x for part in parts]), torch.cat([part.log_slope for part in parts]))


def _positive(u: Tensor, clip: float) -> tuple[Tensor, Tensor]:
    """exp(u / (1 + clip |u|)), and what u was divided by."""
    by = u.abs()
    torch.add(_number(1, by), by, alpha=clip, out=by)
    return (u / by).exp_(), by


def _knots(k: Tensor, below: Tensor, bins: int, tails: Tails) -> tuple[Tensor, Tensor]:
    """Where in memory the numbers of the slopes beside bins `k` are, and 1 where there is one: the ends have slope 1.

    Where there is none the place is that of another number, which is multiplied by 0.
    """
    entries, n = k.shape
    if tails == "circular":
        knots = _places(k, 2 * bins, 1, 3 * bins)
        knots[1].sub_(below[:, -1].long(), alpha=bins * n)
        return knots, torch.ones_like(knots, dtype=below.dtype)
    knots = _places(k, 2 * bins - 1, 1, 3 * bins - 1).clamp_max_(entries * (3 * bins - 1) * n - 1)
    return knots, torch.stack((below[:, 0], torch.sub(_number(1, below), below[:, -1])))


def _picked(table: Tensor, places: Tensor) -> Tensor:
    return table.view(-1).index_select(0, places.view(-1)).view(places.shape)


def _places(row: Tensor, first: int, apart: int, rows: int) -> Tensor:
    """Where rows `first + row` and `first + apart + row` of a table [entries, rows, n] lie: [2, entries, n]."""
    entries, n = row.shape
    return torch.add(_beginnings(entries, first, apart, rows, n, row.device), row, alpha=n)


@lru_cache(64)
def _beginnings(entries: int, first: int, apart: int, rows: int, n: int, device: torch.device) -> Tensor:
    entry = torch.arange(entries, device=device)[:, None] * rows
    part = first + apart * torch.arange(2, device=device)[:, None, None]
    return (entry + part) * n + torch.arange(n, device=device)


@lru_cache(64)
def _summing(many: int, bins: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Matrices that turn sizes into edges, from the middle: short sums are faster as products than as sums."""
    return (torch.ones(bins + 1, bins, dtype=dtype, device=device).tril(-1) - 0.5).expand(many, -1, -1)


def _number(value: float, like: Tensor) -> Tensor:
    """A number as a tensor: Python's own would be converted at every use."""
    return _constant(value, like.dtype, like.device)


@lru_cache(256)
def _constant(value: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.tensor(value, dtype=dtype, device=device)

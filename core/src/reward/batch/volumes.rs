//! Volumes of members and of their teams, and the ranks they reach, for all members at once.

use super::sweep::{Downward, place};
use crate::error::{Code, Error, Result};
use crate::reward::referral::MemberIx;

/// Adds amounts to the volumes of their buyers, which stand by handle, nobody's first.
///
/// # Errors
/// With the index of the row: [`Code::UnknownMember`], [`Code::Overflow`]; [`Code::LengthMismatch`].
pub fn add_volumes(buyers: &[MemberIx], amounts: &[i64], volumes: &mut [i64]) -> Result<()> {
    if buyers.len() != amounts.len() {
        let error = format!("{} amounts for {} buyers", amounts.len(), buyers.len());
        return Err(Error::new(Code::LengthMismatch, error));
    }
    for (row, (buyer, amount)) in buyers.iter().zip(amounts).enumerate() {
        let volume = volumes.get_mut(buyer.index()).filter(|_| *buyer != MemberIx::NOBODY);
        let volume = volume.ok_or_else(|| {
            let error = format!("buyer handle {} is not in the forest", buyer.get());
            Error::new(Code::UnknownMember, error).at(row)
        })?;
        let sum = volume.checked_add(*amount);
        *volume = sum.ok_or_else(|| Error::new(Code::Overflow, "the volume of a member").at(row))?;
    }
    Ok(())
}

/// The volume of each member and of everybody below, from the volumes of members alone: one pass from the last
/// member to the first. Both stand by handle; nobody's place, the first, gets the sum of all.
///
/// ```
/// use fenrun::reward::{batch::team_volumes, referral::Forest};
/// // 2 and 3 below 1, 4 below 3.
/// let forest = Forest::from_edges(&[1, 2, 3, 4], &[0, 1, 1, 3])?;
/// let team = team_volumes(forest.parents(), &[0, 1, 20, 300, 4000])?;
/// assert_eq!(team, [4321, 4321, 20, 4300, 4000]);
/// # Ok::<(), fenrun::Error>(())
/// ```
///
/// # Errors
/// [`Code::LengthMismatch`]; [`Code::Overflow`] when a sum does not fit.
pub fn team_volumes(parents: &[u32], own: &[i64]) -> Result<Vec<i64>> {
    if parents.len() != own.len() {
        let error = format!("{} volumes for {} handles", own.len(), parents.len());
        return Err(Error::new(Code::LengthMismatch, error));
    }
    let order = Downward::of(parents)?;
    let mut team = own.to_vec();
    // No sum is above all members with the largest volume together.
    let largest = own.iter().fold(0, |largest: u64, volume| largest.max(volume.unsigned_abs()));
    let most = u64::try_from(own.len()).ok().and_then(|members| largest.checked_mul(members));
    if most.is_some_and(|most| i64::try_from(most).is_ok()) {
        order.up(|member| {
            let above = place(parents[place(member)]);
            team[above] = team[above].wrapping_add(team[place(member)]);
        });
        return Ok(team);
    }
    let mut fits = true;
    order.up(|member| {
        let above = place(parents[place(member)]);
        let sum = team[above].checked_add(team[place(member)]);
        fits &= sum.is_some();
        team[above] = sum.unwrap_or(0);
    });
    if fits { Ok(team) } else { Err(Error::new(Code::Overflow, "the volume of a team")) }
}

/// How many steps of a rising ladder each volume reaches: the codes of the ranks that are won by it, as
/// [`Forest::set_ranks`](crate::reward::referral::Forest::set_ranks) takes them.
///
/// # Errors
/// [`Code::InvalidValue`] for steps that do not rise, or more than 255.
pub fn rank_codes(volumes: &[i64], steps: &[i64]) -> Result<Vec<u8>> {
    if steps.len() > usize::from(u8::MAX) || steps.windows(2).any(|pair| pair[0] >= pair[1]) {
        let error = format!("{} steps of ranks; at most 255, each above the one before", steps.len());
        return Err(Error::new(Code::InvalidValue, error));
    }
    let mut codes = vec![0_u8; volumes.len()];
    for step in steps {
        for (code, volume) in codes.iter_mut().zip(volumes) {
            *code += u8::from(volume >= step);
        }
    }
    Ok(codes)
}

//! Volumes of members and of their teams, and the ranks they reach, for all members at once.

use crate::error::{Code, Error, Result};
use crate::reward::referral::MemberIx;
use crate::reward::referral::sweep::{Downward, add_up_quickly};

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
    let mut volumes = own.to_vec();
    sum_up(parents, &mut volumes)?;
    Ok(volumes)
}

/// As [`team_volumes`], where the volumes lie: what members have becomes what they and everybody below have.
/// In memory that is kept, on huge pages, it takes half the time. After an error the volumes are undefined.
///
/// # Errors
/// As [`team_volumes`].
pub fn sum_up(parents: &[u32], volumes: &mut [i64]) -> Result<()> {
    if parents.len() != volumes.len() {
        let error = format!("{} volumes for {} handles", volumes.len(), parents.len());
        return Err(Error::new(Code::LengthMismatch, error));
    }
    if add_up_quickly(parents, volumes) {
        return Ok(());
    }
    match Downward::of(parents)?.add_up(parents, volumes).any {
        true => Err(Error::new(Code::Overflow, "the volume of a team")),
        false => Ok(()),
    }
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

//! Numbers of the interface; the error codes are added to the header from `fenrun::Code`.

/// The ABI this header describes: the major in the upper 16 bits, the minor in the lower. A library of
/// the same major and the same or a higher minor fits. While the major is 0, the minor must be equal.
pub const FENRUN_ABI_VERSION: u32 = 1;

/// `fenrun_error.index` when no row of a batch is at fault.
pub const FENRUN_NO_INDEX: u32 = 0xFFFF_FFFF;

/// Rounding toward zero.
pub const FENRUN_ROUND_DOWN: i32 = 0;
/// Rounding away from zero.
pub const FENRUN_ROUND_UP: i32 = 1;
/// Rounding toward minus infinity.
pub const FENRUN_ROUND_FLOOR: i32 = 2;
/// Rounding toward plus infinity.
pub const FENRUN_ROUND_CEIL: i32 = 3;
/// To the nearest, a half toward zero.
pub const FENRUN_ROUND_HALF_TO_ZERO: i32 = 4;
/// To the nearest, a half away from zero.
pub const FENRUN_ROUND_HALF_AWAY: i32 = 5;
/// To the nearest, a half to the even neighbour.
pub const FENRUN_ROUND_HALF_EVEN: i32 = 6;
/// To the nearest, a half to the odd neighbour.
pub const FENRUN_ROUND_HALF_ODD: i32 = 7;
/// To the nearest, a half toward minus infinity.
pub const FENRUN_ROUND_HALF_FLOOR: i32 = 8;
/// To the nearest, a half toward plus infinity.
pub const FENRUN_ROUND_HALF_CEIL: i32 = 9;

/// Largest remainders first: the mode that keeps every law.
pub const FENRUN_ALLOCATE_LARGEST_REMAINDER: i32 = 0;
/// Left-over units to the first shares.
pub const FENRUN_ALLOCATE_FIRST_SHARES: i32 = 1;
/// Every share but the last rounded alone, the last takes the rest.
pub const FENRUN_ALLOCATE_LAST_TAKES_REST: i32 = 2;
/// Left-over units to the largest weights.
pub const FENRUN_ALLOCATE_LARGEST_WEIGHT_FIRST: i32 = 3;
/// Every share rounded half toward zero, the rest to the first keys.
pub const FENRUN_ALLOCATE_FIRST_KEYS: i32 = 4;

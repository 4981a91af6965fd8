//! The threads of a call: how many, and what runs on them. None outlives the call.

use fenrun::{Code, Error, Result};
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The most threads a call may ask for.
pub const MAX_THREADS: u32 = 256;
/// Fewer rows than this a thread are not worth starting it.
pub const ROWS_PER_THREAD: usize = 4096;

/// Into how many parts so many rows are cut for so many threads; 0 threads are as many as the machine has.
///
/// # Errors
/// [`Code::InvalidArgument`] above [`MAX_THREADS`].
pub fn parts(threads: u32, rows: usize) -> Result<usize> {
    if threads > MAX_THREADS {
        let message =
            format!("{threads} threads; at most {MAX_THREADS}, or 0 for as many as the machine has");
        return Err(Error::new(Code::InvalidArgument, message));
    }
    // Asking the system takes longer than a small batch.
    if rows < 2 * ROWS_PER_THREAD {
        return Ok(1);
    }
    let wanted = match usize::try_from(threads).unwrap_or(1) {
        0 => thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    Ok(wanted.min(rows / ROWS_PER_THREAD))
}

/// Does all jobs side by side and gives what they return, in their order.
///
/// The calling thread works too. When the system starts no further thread (a limit on processes, memory),
/// those that run do the rest: fewer threads change the time and nothing else.
pub fn side_by_side<J: Send, T: Send>(jobs: Vec<J>, work: impl Fn(J) -> T + Sync) -> Vec<T> {
    let helpers = jobs.len().saturating_sub(1);
    let queue = Mutex::new(jobs.into_iter().enumerate());
    // A panic of a job is no panic of the queue, whose lock it does not hold.
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let take = || {
        let mut done = Vec::new();
        while let Some((at, job)) = next() {
            done.push((at, work(job)));
        }
        done
    };
    let mut done = thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, take).ok();
        let running: Vec<_> = (0..helpers).map_while(start).collect();
        let mut done = take();
        for thread in running {
            done.extend(thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::{MAX_THREADS, ROWS_PER_THREAD, parts, side_by_side};
    use fenrun::Code;
    use std::collections::HashSet;
    use std::panic::catch_unwind;
    use std::sync::{Barrier, Mutex};
    use std::thread;

    #[test]
    fn small_batches_get_fewer_threads_and_nobody_more_than_256() {
        let many = ROWS_PER_THREAD * 1000;
        assert_eq!((parts(8, many).unwrap(), parts(MAX_THREADS, many).unwrap()), (8, 256));
        assert_eq!(parts(8, ROWS_PER_THREAD * 3 - 1).unwrap(), 2);
        assert_eq!((parts(8, 1).unwrap(), parts(8, 0).unwrap(), parts(0, 1).unwrap()), (1, 1, 1));
        assert_eq!(parts(0, many).unwrap(), thread::available_parallelism().unwrap().get().min(1000));
        for threads in [MAX_THREADS + 1, u32::MAX] {
            let error = parts(threads, 1).unwrap_err();
            assert_eq!(error.code(), Code::InvalidArgument);
            assert!(error.message().contains(&threads.to_string()), "{error}");
        }
    }

    #[test]
    fn results_stand_in_the_order_of_their_jobs_whoever_did_them() {
        // Nobody passes the barrier before three jobs run at once: they are on three threads.
        let (barrier, seen) = (Barrier::new(3), Mutex::new(HashSet::new()));
        let done = side_by_side(vec![30, 20, 10], |job| {
            seen.lock().unwrap().insert(thread::current().id());
            barrier.wait();
            job + 1
        });
        assert_eq!(done, [31, 21, 11]);
        assert_eq!(seen.into_inner().unwrap().len(), 3);
        assert!(side_by_side(Vec::<u8>::new(), |job| job).is_empty());
    }

    #[test]
    fn a_panic_on_a_thread_reaches_the_caller() {
        let caught = catch_unwind(|| side_by_side(vec![1, 2, 3], |job| assert!(job != 2, "planted")));
        assert!(caught.is_err());
    }
}

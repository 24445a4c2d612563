//! What the types forbid. Each example that must not compile stands below one that does, and differs from it in one thing.
//!
//! # A capacity is a power of two
//!
//! ```
//! let reader = turnstile::Reader::<[u32; 4]>::new();
//! ```
//!
//! ```compile_fail
//! let reader = turnstile::Reader::<[u32; 3]>::new();
//! ```
//!
//! ```compile_fail
//! let reader = turnstile::Reader::<[u32; 0]>::new();
//! ```
//!
//! # A poller is one, and is not cloned
//!
//! ```
//! let reader = turnstile::Reader::<[u32; 1]>::new();
//! let poller = turnstile::Poller::claim(&reader).unwrap();
//! let same = poller;
//! ```
//!
//! ```compile_fail,E0599
//! let reader = turnstile::Reader::<[u32; 1]>::new();
//! let poller = turnstile::Poller::claim(&reader).unwrap();
//! let same = poller.clone();
//! ```
//!
//! # A poller lends one split at a time
//!
//! ```
//! # let reader = turnstile::Reader::<[u32; 1]>::new();
//! let mut poller = turnstile::Poller::claim(&reader).unwrap();
//! let first = poller.poll();
//! drop(first);
//! let second = poller.poll();
//! ```
//!
//! ```compile_fail,E0499
//! # let reader = turnstile::Reader::<[u32; 1]>::new();
//! let mut poller = turnstile::Poller::claim(&reader).unwrap();
//! let first = poller.poll();
//! let second = poller.poll();
//! drop(first);
//! ```
//!
//! # No row is read while there is a cut
//!
//! ```
//! # fn read(mut lease: turnstile::Lease<'_, &turnstile::Reader<[u32; 1]>>) {
//! let cut = lease.cut();
//! drop(cut);
//! lease.advance(1);
//! # }
//! ```
//!
//! ```compile_fail,E0499
//! # fn read(mut lease: turnstile::Lease<'_, &turnstile::Reader<[u32; 1]>>) {
//! let cut = lease.cut();
//! lease.advance(1);
//! drop(cut);
//! # }
//! ```
//!
//! # A completed split is not looked at in the reader
//!
//! ```
//! # fn read(lease: turnstile::Lease<'_, &turnstile::Reader<[String; 1]>>) {
//! let inside: &str = lease.split();
//! println!("{inside}");
//! let outside = lease.complete();
//! # }
//! ```
//!
//! ```compile_fail,E0505
//! # fn read(lease: turnstile::Lease<'_, &turnstile::Reader<[String; 1]>>) {
//! let inside: &str = lease.split();
//! let outside = lease.complete();
//! println!("{inside}");
//! # }
//! ```
//!
//! # What a cut shows does not outlive it
//!
//! ```
//! # let reader = turnstile::Reader::<[String; 1]>::new();
//! let cut = reader.try_cut().unwrap();
//! let first = cut.splits().next();
//! println!("{first:?}");
//! drop(cut);
//! ```
//!
//! ```compile_fail,E0505
//! # let reader = turnstile::Reader::<[String; 1]>::new();
//! let cut = reader.try_cut().unwrap();
//! let first = cut.splits().next();
//! drop(cut);
//! println!("{first:?}");
//! ```
//!
//! # Splits that may not leave their thread keep the reader there
//!
//! ```
//! static READER: turnstile::Reader<[std::sync::Arc<u32>; 1]> = turnstile::Reader::new();
//! ```
//!
//! ```compile_fail,E0277
//! static READER: turnstile::Reader<[std::rc::Rc<u32>; 1]> = turnstile::Reader::new();
//! ```
//!
//! # A split that may not be shared is seen by one thread at a time
//!
//! ```
//! use turnstile::{Lease, Reader};
//! fn share(lease: &Lease<'_, &Reader<[u32; 1]>>) {
//!     std::thread::scope(|scope| {
//!         scope.spawn(|| { lease.split(); });
//!         lease.split();
//!     });
//! }
//! ```
//!
//! ```compile_fail,E0277
//! use turnstile::{Lease, Reader};
//! fn share(lease: &Lease<'_, &Reader<[std::cell::Cell<u32>; 1]>>) {
//!     std::thread::scope(|scope| {
//!         scope.spawn(|| { lease.split(); });
//!         lease.split();
//!     });
//! }
//! ```
//!
//! An owned lease does not even show it, since a checkpoint thread may look at any moment:
//!
//! ```
//! use turnstile::{OwnedLease, Reader};
//! fn look(lease: OwnedLease<&Reader<[u32; 1]>>) {
//!     lease.split();
//! }
//! ```
//!
//! ```compile_fail,E0277
//! use turnstile::{OwnedLease, Reader};
//! fn look(lease: OwnedLease<&Reader<[std::cell::Cell<u32>; 1]>>) {
//!     lease.split();
//! }
//! ```
//!
//! Two iterators over one cut are two looks at the same splits:
//!
//! ```
//! use turnstile::Cut;
//! fn share(cut: Cut<'_, [u32; 1]>) {
//!     let (here, mut there) = (cut.splits(), cut.splits());
//!     std::thread::scope(|scope| {
//!         scope.spawn(move || { there.next(); });
//!         for split in here {}
//!     });
//! }
//! ```
//!
//! ```compile_fail,E0277
//! use turnstile::Cut;
//! fn share(cut: Cut<'_, [std::cell::Cell<u32>; 1]>) {
//!     let (here, mut there) = (cut.splits(), cut.splits());
//!     std::thread::scope(|scope| {
//!         scope.spawn(move || { there.next(); });
//!         for split in here {}
//!     });
//! }
//! ```
#![cfg_attr(
    feature = "std",
    doc = "
The blocking lease shows its split as the plain one does:

```
use turnstile::blocking::Lease;
fn share(lease: &Lease<'_, [u32; 1]>) {
    std::thread::scope(|scope| {
        scope.spawn(|| { lease.split(); });
        lease.split();
    });
}
```

```compile_fail,E0277
use turnstile::blocking::Lease;
fn share(lease: &Lease<'_, [std::cell::Cell<u32>; 1]>) {
    std::thread::scope(|scope| {
        scope.spawn(|| { lease.split(); });
        lease.split();
    });
}
```
"
)]
//!
//! # A batch is what this crate says it is
//!
//! A batch that did not let go of its splits, or showed others the second time, would have them dropped twice:
//!
//! ```
//! # struct Split(u32);
//! # let reader = turnstile::Reader::<[Split; 1]>::new();
//! assert!(reader.assign([Split(0)]).is_ok());
//! ```
//!
//! ```compile_fail
//! # struct Split(u32);
//! # let reader = turnstile::Reader::<[Split; 1]>::new();
//! impl turnstile::Batch<Split> for [u32; 1] {
//!     fn splits(&self) -> &[Split] {
//!         &[Split(0)]
//!     }
//!     fn moved_out(self) {}
//! }
//! assert!(reader.assign([0_u32]).is_ok());
//! ```
//!
//! ```
//! # struct Split(u32);
//! # let (first, second) = ([Split(0)], [Split(1)]);
//! # let reader = turnstile::Reader::<[Split; 2]>::new();
//! assert!(reader.assign(first).is_ok());
//! assert!(reader.assign(second).is_ok());
//! ```
//!
//! ```compile_fail,E0382
//! # struct Split(u32);
//! # let (first, second) = ([Split(0)], [Split(1)]);
//! # let reader = turnstile::Reader::<[Split; 2]>::new();
//! assert!(reader.assign(first).is_ok());
//! assert!(reader.assign(first).is_ok());
//! ```
//!
//! Only splits that may be copied are taken out of a slice:
//!
//! ```
//! # let reader = turnstile::Reader::<[u32; 1]>::new();
//! assert!(reader.assign(&[0][..]).is_ok());
//! ```
//!
//! ```compile_fail,E0277
//! # let reader = turnstile::Reader::<[String; 1]>::new();
//! assert!(reader.assign(&[String::new()][..]).is_ok());
//! ```

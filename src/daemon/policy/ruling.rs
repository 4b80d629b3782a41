//! What rules the lanes at the moment, and what the screens say of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::store::{InForce, Store};
use crate::base::{LaneId, Slug};
use crate::config::bundle::{Bundle, List, hex, summary};
use crate::config::error::Mistakes;
use crate::config::list::Named;
use crate::config::list::file::blinded_source;
use crate::config::{Lists, Policy, Profiles};
use crate::control::{NoticeStatus, PolicyStatus};
use crate::journal::Disk;
use crate::model::{AreaMode, Blinder};
use crate::web::{NamedList, PolicyPending, PolicyView};

/// What the site itself says: it rules where no bundle does.
#[derive(Clone, Debug)]
pub struct Own {
    /// Its policy.
    pub policy: Arc<Policy>,
    /// The profiles of each lane.
    pub lanes: BTreeMap<LaneId, Profiles>,
    /// The same, as it is compared with a bundle.
    pub bundle: Bundle,
    /// Whom somebody has to look at, whatever rules.
    pub lists: Arc<Lists>,
    /// Blinds the hashes by which bundles name lists.
    pub blinder: Blinder,
}

impl Own {
    /// How the lists stand here that `bundle` names.
    pub fn named(&self, bundle: &Bundle) -> Vec<NamedList> {
        let one = |list: &List| {
            let here = self.lists.named(&list.name, blinded_source(&self.blinder, &list.sha256));
            NamedList { name: list.name.clone(), sha256: hex(&list.sha256), here }
        };
        bundle.lists.iter().map(one).collect()
    }

    /// The lists of `bundle` of which nothing is in force here.
    pub fn lacks(&self, bundle: Option<&Bundle>) -> Vec<Slug> {
        let named = bundle.map(|bundle| self.named(bundle)).unwrap_or_default();
        named.into_iter().filter(|list| list.here == Named::Absent).map(|list| list.name).collect()
    }
}

/// What rules the lanes.
#[derive(Clone, Debug)]
pub struct Ruling {
    /// The policy.
    pub policy: Arc<Policy>,
    /// The profiles of each lane.
    pub lanes: BTreeMap<LaneId, Profiles>,
    /// The mode that it puts the area in; an order of the hub goes before it, unless that says normal.
    pub mode: AreaMode,
    /// Whom somebody has to look at.
    pub lists: Arc<Lists>,
    /// The notice that it cites.
    pub notice: Option<NoticeStatus>,
    /// For the screens.
    pub status: PolicyStatus,
}

impl Ruling {
    /// What the site itself says.
    pub fn of_site(own: &Own) -> Self {
        let notice = own.policy.notice.map(|number| NoticeStatus { number, title: String::new() });
        Self {
            policy: Arc::clone(&own.policy),
            lanes: own.lanes.clone(),
            mode: AreaMode::Normal,
            lists: Arc::clone(&own.lists),
            notice,
            status: PolicyStatus::default(),
        }
    }

    /// What follows from what `store` holds.
    ///
    /// # Errors
    ///
    /// When the bundle that rules can no longer be read, which its taking has ruled out.
    pub fn of<D: Disk>(store: &Store<D>, own: &Own) -> Result<Self, Mistakes> {
        let InForce { bundle, mode, expired } = store.in_force();
        let ruling = match &bundle {
            None => Self { mode, ..Self::of_site(own) },
            Some(bundle) => {
                let lanes = store.lanes().iter().map(|(lane, ids)| Ok((lane.clone(), bundle.for_lane(ids)?)));
                let title = bundle.notice_title().map(|(zh, _)| zh.to_owned()).unwrap_or_default();
                Self {
                    policy: Arc::new(bundle.policy()?),
                    lanes: lanes.collect::<Result<_, Mistakes>>()?,
                    mode,
                    lists: Arc::clone(&own.lists),
                    notice: bundle.notice.map(|number| NoticeStatus { number, title }),
                    status: PolicyStatus::default(),
                }
            }
        };
        let version = bundle.as_ref().map_or(0, |bundle| bundle.version);
        let until = bundle.as_ref().and_then(|bundle| bundle.until);
        let waits = store.pending().map(|bundle| bundle.version);
        let lacks = own.lacks(bundle.as_ref());
        Ok(Self { status: PolicyStatus { version, until, expired, waits, lacks }, ..ruling })
    }
}

/// What an attendant is shown of it.
pub fn view<D: Disk>(store: &Store<D>, own: &Own) -> PolicyView {
    let InForce { bundle, expired, .. } = store.in_force();
    let pending = store.pending().map(|pending| PolicyPending {
        version: pending.version,
        bundle: pending.digest(),
        from: pending.from,
        until: pending.until,
        mode: pending.mode,
        mode_after: pending.mode_after,
        notice: pending
            .notice
            .zip(pending.notice_title())
            .map(|(number, (zh, en))| (number, zh.to_owned(), en.to_owned())),
        differs: summary(bundle.as_ref().unwrap_or(&own.bundle), pending),
        lists: own.named(pending),
    });
    PolicyView {
        lists: bundle.as_ref().map(|bundle| own.named(bundle)).unwrap_or_default(),
        rules: bundle.map(|bundle| (bundle.version, bundle.until)),
        expired,
        next: store.next().map(|next| (next.version, next.from)),
        pending,
        refused: store.refused().map(str::to_owned),
    }
}

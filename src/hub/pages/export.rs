//! The ledger as a file.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::super::state::{Error, Hub};
use super::Failed;
use super::frame::failure;
use super::search::Fields;
use crate::ledger::{Columns, Day, Filter, Officer};

/// Most records in one file that a browser fetches; `kakou hub export` has no limit.
const RECORDS_MAX: u64 = 200_000;

pub async fn public(State(hub): State<Arc<Hub>>, Query(fields): Query<Fields>) -> Result<Response, Failed> {
    let filter = Filter { who: None, ..fields.filter() };
    file(&hub, filter, Columns::Public).await
}

pub async fn personal(State(hub): State<Arc<Hub>>, Form(fields): Form<Fields>) -> Result<Response, Failed> {
    let columns = if fields.officer.is_empty() && fields.reason.is_empty() {
        Columns::Public
    } else {
        match Officer::new(&fields.officer, &fields.reason) {
            Some(officer) => Columns::Personal(officer),
            None => {
                let english = "An export with personal data needs a name and a reason.";
                return Ok(failure(StatusCode::BAD_REQUEST, "须写明查阅人与事由", english));
            }
        }
    };
    file(&hub, fields.filter(), columns).await
}

async fn file(hub: &Hub, filter: Filter, columns: Columns) -> Result<Response, Failed> {
    let now = hub.now();
    let made = hub.write(move |ledger| {
        if ledger.count(&filter)? > RECORDS_MAX {
            return Ok(None);
        }
        let mut bytes = vec![];
        ledger.export(&filter, &columns, now, &mut bytes)?;
        Ok::<_, Error>(Some(bytes))
    });
    let Some(bytes) = made.await?? else {
        let english = "More than 200,000 records: narrow the search, or use `kakou hub export`.";
        return Ok(failure(StatusCode::PAYLOAD_TOO_LARGE, "记录过多，请缩小范围", english));
    };
    let name = format!("attachment; filename=\"kakou-{}.csv\"", Day::of(now));
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, bytes).into_response())
}

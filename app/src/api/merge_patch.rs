//! JSON merge patches (RFC 7396): what is sent so that an object becomes another one.

use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// The patch that makes `new` of `old`: what is the same is left out, what is gone is `null`,
/// objects are patched member by member, and anything else is replaced as a whole.
pub fn diff(old: &Object, new: &Object) -> Object {
    let gone = old.keys().filter(|name| !new.contains_key(*name));
    let mut patch: Object = gone.map(|name| (name.clone(), Value::Null)).collect();
    for (name, after) in new {
        let change = match (old.get(name), after) {
            (Some(before), after) if before == after => continue,
            (Some(Value::Object(before)), Value::Object(after)) => diff(before, after).into(),
            (_, after) => after.clone(),
        };
        patch.insert(name.clone(), change);
    }
    patch
}

/// The place of the first member, such as `owner.name`, that no patch can set: it is to become
/// `null`, which in a patch says that it goes.
pub fn unsendable(old: &Object, new: &Object) -> Option<String> {
    new.iter().find_map(|(name, after)| match (old.get(name), after) {
        (Some(before), after) if before == after => None,
        (_, Value::Null) => Some(name.clone()),
        (before, Value::Object(after)) => {
            let nothing = Object::new();
            let before = before.and_then(Value::as_object).unwrap_or(&nothing);
            Some(format!("{name}.{}", unsendable(before, after)?))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*};
    use serde_json::json;

    use super::*;

    fn object(value: Value) -> Object {
        value.as_object().cloned().unwrap()
    }

    #[test]
    fn a_patch_has_what_changed_and_nothing_else() {
        let old = object(json!({"a": 1, "b": {"c": [1, {"d": 2}], "e": "x"}, "f": {"g": 1}}));
        let new = object(json!({"b": {"c": [1, {"d": 3}], "e": "x"}, "f": 2, "h": {}}));
        let patch = json!({"a": null, "b": {"c": [1, {"d": 3}]}, "f": 2, "h": {}});
        assert_eq!(Value::Object(diff(&old, &new)), patch);
        assert_eq!(diff(&new, &new), Object::new());
    }

    #[test]
    fn a_new_null_is_told_by_its_place() {
        let old = object(json!({"was": null, "a": {"b": 1}}));
        let told = |new| unsendable(&old, &object(new));
        assert_eq!(told(json!({"was": null, "a": {"b": [null, {"c": null}]}})), None);
        assert_eq!(told(json!({"a": {"b": null}})), Some("a.b".to_owned()));
        assert_eq!(told(json!({"x": {"y": {"z": null}}})), Some("x.y.z".to_owned()));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3i64).prop_map(Value::from),
            "[ab]{0,2}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                any_object_of(inner).prop_map(Value::from),
            ]
        })
    }

    /// Few names, so that two objects have some in common.
    fn any_object_of(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Object> {
        collection::btree_map("[a-d]", value, 0..4)
            .prop_map(|members| members.into_iter().collect())
    }

    proptest! {
        #[test]
        fn the_patch_makes_the_new_of_the_old(
            old in any_object_of(any_value()),
            new in any_object_of(any_value()),
        ) {
            let mut merged = Value::Object(old.clone());
            json_patch::merge(&mut merged, &Value::Object(diff(&old, &new)));
            prop_assert_eq!(merged == Value::Object(new.clone()), unsendable(&old, &new).is_none());
        }
    }
}

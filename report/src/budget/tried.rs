//! Numbers of factors that somebody tries out before they stand in the file.
//!
//! Owns: how they are written in an address, and the TOML that says the same. Refuses: keeping them: whoever wants them kept puts the
//! TOML into the file, which an operator reads and everybody can look at.
//! Invariant: what [`Budgets::factors_as_toml`] writes gives the same factors again.

use super::{Budgets, Factor};
use crate::error::Error;
use crate::experience::SCORE_MAX;
use crate::limits::{FACTORS_MAX, LABEL_CHARS_MAX};
use std::fmt::Write as _;
use toml::Value;

/// How a factor is written in an address.
const FORM: &str = "NAME:EXPERIENCE:EXPECTATION:IMPORTANCE:IDEAL, numbers from 0 to 10 or nothing, for example Service:6:7:9:10";

impl Budgets {
    /// These budgets where factors have other numbers: each word is `NAME:EXPERIENCE:EXPECTATION:IMPORTANCE:IDEAL`, and where it has
    /// nothing the number stays as it is. A name that there is not is a factor of its own.
    ///
    /// # Errors
    /// [`Error::is_budgets`] for a word of another form, and for too many factors.
    pub fn trying(&self, words: &[String]) -> Result<Budgets, Error> {
        let mut budgets = self.clone();
        for word in words {
            let parts: Vec<&str> = word.rsplitn(5, ':').collect();
            let [ideal, importance, expectation, experience, name] = parts[..] else {
                return Err(Error::budgets(format!("factor: write {FORM}")));
            };
            if name.is_empty() || name.chars().count() > LABEL_CHARS_MAX || name.chars().any(char::is_control)
            {
                return Err(Error::budgets(format!(
                    "factor: the name has 1 to {LABEL_CHARS_MAX} characters; write {FORM}"
                )));
            }
            let factor = budgets.factor_mut(name)?;
            factor.experience = number(experience)?.or(factor.experience);
            factor.expectation = number(expectation)?.or(factor.expectation);
            factor.importance = number(importance)?.or(factor.importance);
            factor.ideal = number(ideal)?.unwrap_or(factor.ideal);
        }
        Ok(budgets)
    }

    fn factor_mut(&mut self, name: &str) -> Result<&mut Factor, Error> {
        let at = self.factors.iter().position(|factor| factor.name == name).unwrap_or(self.factors.len());
        if at == FACTORS_MAX {
            return Err(Error::budgets(format!("factor: at most {FACTORS_MAX} are read")));
        }
        if at == self.factors.len() {
            self.factors.push(Factor {
                name: name.to_owned(),
                touchpoints: Vec::new(),
                experience: None,
                expectation: None,
                importance: None,
                ideal: SCORE_MAX,
                owner: None,
                target: None,
            });
        }
        self.factors.get_mut(at).ok_or_else(|| Error::budgets("factor: there is none".to_owned()))
    }

    /// The factors as they are written in a budgets file.
    #[must_use]
    pub fn factors_as_toml(&self) -> String {
        let mut out = String::new();
        for factor in &self.factors {
            let text = |text: &str| Value::from(text).to_string();
            let _ = writeln!(out, "[[factor]]\nname = {}", text(&factor.name));
            if !factor.touchpoints.is_empty() {
                let of = factor.touchpoints.iter();
                let of = of.map(|(kind, name)| format!("{{ kind = \"{kind}\", name = {} }}", text(name)));
                let _ = writeln!(out, "measured_by = [{}]", of.collect::<Vec<_>>().join(", "));
            }
            let target = factor.target.as_ref();
            let numbers = [
                ("experience", factor.experience),
                ("expectation", factor.expectation),
                ("importance", factor.importance),
                ("ideal", Some(factor.ideal).filter(|ideal| *ideal < SCORE_MAX)),
                ("target", target.map(|target| target.experience)),
            ];
            for (key, number) in numbers {
                if let Some(number) = number {
                    let _ = writeln!(out, "{key} = {number}");
                }
            }
            let texts = [("since", target.map(|target| &target.since)), ("owner", factor.owner.as_ref())];
            for (key, of) in texts {
                if let Some(of) = of {
                    let _ = writeln!(out, "{key} = {}", text(of));
                }
            }
            out.push('\n');
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// A number on the scale; `None` for nothing.
fn number(word: &str) -> Result<Option<f64>, Error> {
    if word.trim().is_empty() {
        return Ok(None);
    }
    let known = word.trim().parse().ok().filter(|number| (0.0..=SCORE_MAX).contains(number));
    known.map(Some).ok_or_else(|| {
        let shown: String = word.chars().take(20).collect();
        Error::budgets(format!("factor: {shown:?} is none of the numbers; write {FORM}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::EXAMPLE_GAPS;
    use crate::{Gaps, Side};

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_worked_example_can_be_tried_out_without_a_file() {
        let tried = words(&["Convenience:5:7:9:", "Price:7:7::", "Brand:7:7::"]);
        let gaps = Gaps::new(&Side::new(), &Budgets::default().trying(&tried).unwrap());
        let first = &gaps.factors[0];
        assert_eq!((first.name.as_str(), first.weighted_satisfaction), ("Convenience", Some(-18.0)));
        assert_eq!((first.gap, gaps.factors.len()), (Some(-5.0), 3));
    }

    #[test]
    fn what_is_not_said_stays_and_the_toml_says_all_of_it() {
        let text = "[[factor]]\nname = \"Pay \\\"now\\\"\"\nmeasured_by = [{ kind = \"tap\", name = \"Pay.Confirm\" }]\n\
            importance = 4\nowner = \"Payments\"\ntarget = 8\nsince = \"8.1.0\"\nideal = 9\n";
        let file = Budgets::parse(text).unwrap();
        let tried = file.trying(&words(&["Pay \"now\"::7.5::", "a:b::3::"])).unwrap();
        let [pay, other] = tried.factors() else { panic!("{:?}", tried.factors()) };
        assert_eq!((pay.expectation, pay.importance, pay.ideal), (Some(7.5), Some(4.0), 9.0));
        assert_eq!((other.name.as_str(), other.expectation), ("a:b", Some(3.0)));
        for budgets in [&tried, &Budgets::parse(EXAMPLE_GAPS).unwrap()] {
            let again = Budgets::parse(&budgets.factors_as_toml()).unwrap();
            assert_eq!(again.factors(), budgets.factors(), "{}", budgets.factors_as_toml());
        }
    }

    #[test]
    fn what_is_no_factor_is_said_with_the_form() {
        let error = |word: &str| Budgets::default().trying(&words(&[word])).unwrap_err().to_string();
        for word in ["Price", "Price:1:2:3", ":1:2:3:4", "Price:11:::", "Price:x:::", "a\nb::::"] {
            assert!(error(word).starts_with("factor: ") && error(word).contains("NAME:EXPERIENCE"), "{word}");
        }
        let many: Vec<String> = (0..=FACTORS_MAX).map(|n| format!("{n}::::")).collect();
        assert!(Budgets::default().trying(&many).unwrap_err().to_string().contains("at most 24"));
    }
}

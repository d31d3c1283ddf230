//! Where the children are.

use super::Child;

impl Child {
    pub(crate) fn at(&mut self, path: &[usize]) -> &mut Child {
        path.iter()
            .fold(self, |child, &number| &mut child.children[number])
    }

    /// Its supervisor, and its place there.
    pub(super) fn above(&mut self, path: &[usize]) -> (&mut Child, usize) {
        let (&place, above) = path.split_last().expect("a child");
        (self.at(above), place)
    }

    /// The places of all children below, with their names from the root's child down.
    pub(crate) fn places(&self) -> Vec<(Vec<usize>, String)> {
        let mut places = Vec::new();
        self.collect(&mut Vec::new(), "", &mut places);
        places
    }

    fn collect(
        &self,
        place: &mut Vec<usize>,
        prefix: &str,
        places: &mut Vec<(Vec<usize>, String)>,
    ) {
        for (number, child) in self.children.iter().enumerate() {
            place.push(number);
            let path = format!("{prefix}{}", child.name);
            places.push((place.clone(), path.clone()));
            child.collect(place, &format!("{path}/"), places);
            place.pop();
        }
    }
}

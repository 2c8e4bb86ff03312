//! Leaves out the corners of a line that nobody can see. A limit of a funnel has a hundred; a dozen draw the same curve.

use plotters_backend::BackendCoord;

/// How far the drawn line may lie from the true one: 0.06 pt, a tenth of its own width.
const TOLERANCE: f64 = 6.0;

/// The line with the fewest of its corners that stays within the tolerance (Ramer, Douglas and Peucker).
pub(crate) fn simplified(line: &[BackendCoord]) -> Vec<BackendCoord> {
    let Some(last) = line.len().checked_sub(1).filter(|last| *last > 1) else {
        return line.to_vec();
    };
    let mut kept = vec![false; line.len()];
    kept[0] = true;
    kept[last] = true;
    let mut open = vec![(0, last)];
    while let Some((from, to)) = open.pop() {
        let farthest = (from + 1..to)
            .map(|index| (index, distance(line[index], line[from], line[to])))
            .max_by(|(_, one), (_, other)| one.total_cmp(other));
        if let Some((index, distance)) = farthest
            && distance > TOLERANCE
        {
            kept[index] = true;
            open.push((from, index));
            open.push((index, to));
        }
    }
    line.iter().zip(kept).filter_map(|(corner, kept)| kept.then_some(*corner)).collect()
}

/// Distance of a point to the piece between two others.
fn distance(point: BackendCoord, from: BackendCoord, to: BackendCoord) -> f64 {
    let (px, py) = (f64::from(point.0 - from.0), f64::from(point.1 - from.1));
    let (dx, dy) = (f64::from(to.0 - from.0), f64::from(to.1 - from.1));
    let length = dx * dx + dy * dy;
    let share = if length > 0.0 { ((px * dx + py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
    (px - share * dx).hypot(py - share * dy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_keeps_its_ends() {
        let line: Vec<BackendCoord> = (0..50).map(|step| (step * 10, step * 20)).collect();
        assert_eq!(simplified(&line), [(0, 0), (490, 980)]);
    }

    #[test]
    fn a_curve_keeps_its_shape_with_fewer_corners() {
        let line: Vec<BackendCoord> = (1..=90).map(|n| (n * 200, (9_000.0 / f64::from(n).sqrt()) as i32)).collect();
        let short = simplified(&line);
        assert!(short.len() < 30, "{} corners", short.len());
        for corner in &line {
            let nearest = short.windows(2).map(|piece| distance(*corner, piece[0], piece[1])).fold(f64::INFINITY, f64::min);
            assert!(nearest <= TOLERANCE);
        }
    }

    #[test]
    fn short_lines_stay_as_they_are() {
        assert_eq!(simplified(&[(1, 2), (3, 4)]), [(1, 2), (3, 4)]);
        assert!(simplified(&[]).is_empty());
    }
}

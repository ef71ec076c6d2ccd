//! A disk in memory that records every step, so that it can be cut off after any of them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use runs::{FileRead, FileWrite, Folder};

/// A folder in memory.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    names: BTreeMap<String, usize>,
    /// The names when the folder was last synced.
    lasting_names: BTreeMap<String, usize>,
    files: Vec<Content>,
    steps: Vec<Step>,
    /// Bytes that may still be written before the disk is full.
    room: Option<usize>,
}

#[derive(Clone, Default)]
struct Content {
    octets: Vec<u8>,
    /// The content when it was last synced.
    lasting: Vec<u8>,
}

/// A recorded step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Append(usize, Vec<u8>),
    Create(String),
    Overwrite(usize, Vec<u8>, u64),
    Remove(String),
    Rename(String, String),
    Sync,
    SyncFile(usize),
    Truncate(usize, u64),
}

/// What is lost at the cut.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// Nothing: only the process ended.
    Nothing,
    /// Names and octets that were not synced.
    All,
    /// Bytes that were not synced; the names are kept.
    Octets,
    /// Half of the bytes that were appended and not synced.
    Half,
}

impl Disk {
    /// All steps so far.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.state().steps.clone()
    }

    /// The disk after these steps and a cut.
    pub(crate) fn after(steps: &[Step], loss: Loss) -> Self {
        let disk = Self::default();
        let mut state = disk.state();
        for step in steps {
            state.take(step.clone()).unwrap();
        }
        state.lose(loss);
        drop(state);
        disk
    }

    /// The same, on a disk that already had these files.
    pub(crate) fn after_on(before: &Self, steps: &[Step], loss: Loss) -> Self {
        let disk = before.copy();
        let mut state = disk.state();
        for step in steps {
            state.take(step.clone()).unwrap();
        }
        state.lose(loss);
        drop(state);
        disk
    }

    /// Accepts only this many more bytes.
    pub(crate) fn fill(&self, room: Option<usize>) {
        self.state().room = room;
    }

    /// The files, with their lengths.
    pub(crate) fn files(&self) -> Vec<(String, usize)> {
        let state = self.state();
        state.names.iter().map(|(name, id)| (name.clone(), state.files[*id].octets.len())).collect()
    }

    /// Changes the bytes of a file without recording a step.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let id = state.names[name];
        change(&mut state.files[id].octets);
    }

    /// A copy of the files that later steps do not change.
    pub(crate) fn copy(&self) -> Self {
        let state = self.state();
        let (names, files) = (state.names.clone(), state.files.clone());
        let state = State { lasting_names: names.clone(), names, files, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Replaces the files with those of another disk.
    pub(crate) fn become_copy(&self, other: &Self) {
        let (names, files) = {
            let other = other.state();
            (other.names.clone(), other.files.clone())
        };
        *self.state() = State { lasting_names: names.clone(), names, files, ..State::default() };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}

impl State {
    fn take(&mut self, step: Step) -> io::Result<()> {
        self.admit(&step)?;
        match step.clone() {
            Step::Append(id, octets) => self.files[id].octets.extend(octets),
            Step::Create(name) => {
                if self.names.insert(name, self.files.len()).is_some() {
                    return Err(io::ErrorKind::AlreadyExists.into());
                }
                self.files.push(Content::default());
            }
            Step::Overwrite(id, octets, offset) => {
                let start = usize::try_from(offset).unwrap();
                self.files[id].octets[start..start + octets.len()].copy_from_slice(&octets);
            }
            Step::Remove(name) => drop(self.names.remove(&name).ok_or(io::ErrorKind::NotFound)?),
            Step::Rename(from, to) => {
                let id = self.names.remove(&from).ok_or(io::ErrorKind::NotFound)?;
                self.names.insert(to, id);
            }
            Step::Sync => self.lasting_names = self.names.clone(),
            Step::SyncFile(id) => {
                let file = &mut self.files[id];
                file.lasting.clone_from(&file.octets);
            }
            Step::Truncate(id, len) => self.files[id].octets.truncate(usize::try_from(len).unwrap()),
        }
        self.steps.push(step);
        Ok(())
    }

    /// A full disk accepts the first bytes of what does not fit.
    fn admit(&mut self, step: &Step) -> io::Result<()> {
        let Some(room) = self.room else { return Ok(()) };
        match step {
            Step::Append(id, octets) if octets.len() > room => {
                self.room = Some(0);
                self.files[*id].octets.extend(&octets[..room]);
                Err(io::ErrorKind::StorageFull.into())
            }
            Step::Append(_, octets) => {
                self.room = Some(room - octets.len());
                Ok(())
            }
            Step::Create(_) if room == 0 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }

    fn lose(&mut self, loss: Loss) {
        if let Loss::All = loss {
            self.names = self.lasting_names.clone();
        }
        for file in &mut self.files {
            match loss {
                Loss::Nothing => {}
                Loss::All | Loss::Octets => file.octets = file.lasting.clone(),
                Loss::Half => {
                    let unsynced = file.octets.len().saturating_sub(file.lasting.len());
                    let tail = file.octets[file.octets.len() - unsynced..][..unsynced / 2].to_vec();
                    file.octets = [&file.lasting[..], &tail].concat();
                }
            }
            file.lasting = file.octets.clone();
        }
        self.lasting_names = self.names.clone();
        self.steps.clear();
    }
}

impl Folder for Disk {
    fn create(&self, name: &str) -> io::Result<Arc<dyn FileWrite>> {
        let mut state = self.state();
        state.take(Step::Create(name.into()))?;
        let id = state.files.len() - 1;
        Ok(Arc::new(File(self.clone(), id)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn FileRead>> {
        let id = *self.state().names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(File(self.clone(), id)))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.state().take(Step::Rename(from.into(), to.into()))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.state().take(Step::Remove(name.into()))
    }

    fn sync(&self) -> io::Result<()> {
        self.state().take(Step::Sync)
    }

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.state().names.keys().cloned().collect())
    }

    fn room(&self) -> io::Result<Option<u64>> {
        Ok(self.state().room.map(|room| room as u64))
    }
}

struct File(Disk, usize);

impl FileWrite for File {
    fn append(&self, octets: &[u8]) -> io::Result<()> {
        self.0.state().take(Step::Append(self.1, octets.to_vec()))
    }

    fn overwrite(&self, octets: &[u8], offset: u64) -> io::Result<()> {
        self.0.state().take(Step::Overwrite(self.1, octets.to_vec(), offset))
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.0.state().take(Step::Truncate(self.1, len))
    }

    fn sync(&self) -> io::Result<()> {
        self.0.state().take(Step::SyncFile(self.1))
    }
}

impl FileRead for File {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.state().files[self.1].octets.len() as u64)
    }

    fn read(&self, octets: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.0.state();
        let start = usize::try_from(offset).unwrap();
        let end = start.checked_add(octets.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        let read = state.files[self.1].octets.get(start..end).ok_or(io::ErrorKind::UnexpectedEof)?;
        octets.copy_from_slice(read);
        Ok(())
    }
}

//! Packs a folder into one archive, the same to the byte each time for the same files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use platforms::package::Archive;
use sha2::{Digest, Sha256};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Replaces `folder` by an archive of what is in it, in the same place; returns its SHA-256.
pub(super) fn pack(folder: &Path, form: Archive) -> anyhow::Result<String> {
    let ending = match form {
        Archive::Zip => "zip",
        Archive::Tar => "tar",
        Archive::TarGz => "tar.gz",
    };
    let path = PathBuf::from(format!("{}.{ending}", folder.display()));
    let failed = || format!("cannot write {}; is the disk full?", path.display());
    let mut files = Vec::new();
    below(folder, &mut files).with_context(failed)?;
    files.sort();
    let to = File::create(&path).with_context(failed)?;
    match form {
        Archive::Zip => zip(to, folder, &files),
        Archive::Tar => tar(to, folder, &files).map(drop),
        Archive::TarGz => tar(GzEncoder::new(to, Compression::default()), folder, &files)
            .and_then(|encoder| encoder.finish().map(drop)),
    }
    .with_context(failed)?;
    fs::remove_dir_all(folder).with_context(failed)?;
    let mut hasher = Sha256::new();
    io::copy(&mut File::open(&path).with_context(failed)?, &mut hasher).with_context(failed)?;
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { below(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

fn name<'a>(folder: &Path, file: &'a Path) -> &'a Path {
    file.strip_prefix(folder).unwrap_or(file)
}

fn mode(file: &Path) -> io::Result<u32> {
    let executable = fs::metadata(file)?.permissions().mode() & 0o100 != 0;
    Ok(if executable { 0o755 } else { 0o644 })
}

fn zip(to: File, folder: &Path, files: &[PathBuf]) -> io::Result<()> {
    let mut zip = ZipWriter::new(to);
    for file in files {
        let options = SimpleFileOptions::default().unix_permissions(mode(file)?);
        zip.start_file(name(folder, file).to_string_lossy(), options)?;
        io::copy(&mut File::open(file)?, &mut zip)?;
    }
    zip.finish()?;
    Ok(())
}

fn tar<W: Write>(to: W, folder: &Path, files: &[PathBuf]) -> io::Result<W> {
    let mut tar = tar::Builder::new(to);
    for file in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(fs::metadata(file)?.len());
        header.set_mode(mode(file)?);
        header.set_cksum();
        tar.append_data(&mut header, name(folder, file), File::open(file)?)?;
    }
    tar.into_inner()
}
